/** A request that cannot be answered; `code` names the sentence in the catalogue. */
export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}
