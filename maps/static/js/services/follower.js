// Circles that follow a place while it is dragged.

/** Give `follow(place)`, which asks for the newest place only, one request at a time, and `stop()`; `show` gets each answer, or the error. */
export function follower(ask, show) {
  let isAsking = false;
  let newest = null;
  let isWanted = false;

  async function follow(place) {
    newest = place;
    isWanted = true;
    if (isAsking) return;
    isAsking = true;
    while (newest) {
      const asked = newest;
      newest = null;
      const answer = await ask(asked).catch((error) => error);
      if (isWanted) show(answer);
    }
    isAsking = false;
  }

  function stop() {
    newest = null;
    isWanted = false;
  }

  return { follow, stop };
}
