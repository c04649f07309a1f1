const DIGITS = [..."0123456789"];

/** Whether two networks have the same classes; each takes a picture in its own size and channels. one, other: {names: of the
 *  classes, null for the ten digits}. */
export function areComparable(one, other) {
  const classes = ({ names }) => JSON.stringify(names ?? DIGITS);
  return classes(one) === classes(other);
}
