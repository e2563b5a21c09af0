// A station's photo in its form: chosen or taken away there, sent when the form is saved.

import { remove, upload } from "../api.js";
import { el } from "../dom.js";
import { t } from "../format.js";

const TYPES = ["image/jpeg", "image/png", "image/webp"];
const MOST_BYTES = 15e6;

export class PhotoField {
  /** `photo` is what the station has, or null. */
  constructor(photo) {
    this.photo = photo;
    this.file = null;
    this.isTakenAway = false;
    this.seen = el("img", { class: "photo-seen", alt: t("stations.photo") });
    this.input = el("input", { type: "file", id: "station-photo", class: "visually-hidden", accept: TYPES.join(","), "aria-describedby": "photo-hint photo-outcome", onchange: () => this.choose() });
    this.chooser = el("label", { class: "plain small button", for: "station-photo" });
    this.away = el("button", { type: "button", class: "link", onclick: () => this.takeAway() }, t("stations.photo_remove"));
    this.outcome = el("p", { class: "failed", id: "photo-outcome", role: "status" });
    this.box = el(
      "div",
      { class: "photo-field" },
      el("p", { class: "label" }, t("stations.photo")),
      this.seen,
      el("div", { class: "photo-tools" }, this.input, this.chooser, this.away),
      el("small", { id: "photo-hint" }, t("stations.photo_hint")),
      this.outcome,
    );
    this.show();
  }

  show() {
    const address = this.file ? (this.preview ??= URL.createObjectURL(this.file)) : this.isTakenAway ? null : this.photo?.small_url;
    this.seen.hidden = !address;
    if (address) this.seen.src = address;
    this.away.hidden = !address;
    this.chooser.textContent = t(address ? "stations.photo_change" : "stations.photo_choose");
  }

  choose() {
    const [file] = this.input.files;
    if (!file) return;
    this.forgetFile();
    this.outcome.textContent = !TYPES.includes(file.type) ? t("stations.photo_type") : file.size > MOST_BYTES ? t("stations.photo_size") : "";
    if (!this.outcome.textContent) this.file = file;
    this.show();
  }

  takeAway() {
    this.forgetFile();
    this.isTakenAway = true;
    this.outcome.textContent = "";
    this.show();
    this.input.focus();
  }

  forgetFile() {
    if (this.preview) URL.revokeObjectURL(this.preview);
    this.file = this.preview = null;
    this.input.value = "";
  }

  isChanged() {
    return Boolean(this.file) || (this.isTakenAway && Boolean(this.photo));
  }

  /** Send what was chosen for a station; gives the photo that it has then. */
  async save(id) {
    if (this.file) this.photo = await upload("PUT", `/api/v1/stations/${id}/photo`, this.file);
    else if (this.isTakenAway && this.photo) {
      await remove(`/api/v1/stations/${id}/photo`);
      this.photo = null;
    }
    this.isTakenAway = false;
    this.forgetFile();
    return this.photo;
  }
}
