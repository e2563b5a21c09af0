// Circles that follow a place while it is dragged.

/**
 * Give `follow(place)`, which asks for the newest place only, one request at a time, and `stop()`.
 * `show` gets each answer, or the error; `tell(isBehind)` whether what is shown is of an earlier place.
 */
export function follower(ask, show, tell) {
  let isAsking = false;
  let newest = null;
  let isWanted = false;

  async function follow(place) {
    newest = place;
    isWanted = true;
    if (isAsking) return;
    isAsking = true;
    tell(true);
    while (newest) {
      const asked = newest;
      newest = null;
      const answer = await ask(asked).catch((error) => error);
      if (isWanted) show(answer);
    }
    isAsking = false;
    tell(false);
  }

  function stop() {
    newest = null;
    isWanted = false;
  }

  return { follow, stop };
}
