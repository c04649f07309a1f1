// Converts a drawing on the pad to a digit: position and size of its ink as in data/ink.py. The exported graph "pen"
// computes how much a stroke covers each pixel.

const SIZE = 28;
const BOX = 20; // px, the longest side of prepared ink
const PEN = [1.8, 3.2]; // px, widths of prepared ink
const LARGEST = 5 * SIZE; // px a pad: ink smaller than a fifth of the box stays small
const CROWDED = 0.5; // px along the path
const VISIBLE = 0.5; // coverage
const PAD = 1000; // pad units

/** run(feeds): the pen's graph. -> draw(strokes of the page's state, prepare): promise of 784 bytes. */
export function createInk(run, tensor) {
  let kept = { text: "", digit: null };

  async function coverage(lines, widths) {
    const starts = [];
    const ends = [];
    const pens = [];
    lines.forEach((line, i) => {
      const path = withoutCrowding(line);
      const segments = path.length === 1 ? [[path[0], path[0]]] : path.slice(1).map((point, j) => [path[j], point]);
      for (const [from, to] of segments) {
        starts.push(...from);
        ends.push(...to);
        pens.push(widths[i]);
      }
    });
    const count = pens.length;
    const pair = (values) => tensor("float32", Float32Array.from(values), [count, 2]);
    const answer = await run({ starts: pair(starts), ends: pair(ends), widths: tensor("float32", Float32Array.from(pens), [count]) });
    return answer.coverage.data;
  }

  /** Consecutive drawing strokes form one group; eraser strokes multiply, and are grouped by width. */
  async function picture(strokes, lines, widths) {
    const drawn = new Float32Array(SIZE * SIZE);
    for (let first = 0; first < strokes.length; ) {
      const { erase } = strokes[first];
      let last = first + 1;
      while (last < strokes.length && strokes[last].erase === erase && (!erase || widths[last] === widths[first])) last += 1;
      const covered = await coverage(lines.slice(first, last), widths.slice(first, last));
      for (let i = 0; i < drawn.length; i += 1) drawn[i] = erase ? drawn[i] * (1 - covered[i]) : Math.max(drawn[i], covered[i]);
      first = last;
    }
    return drawn;
  }

  async function prepared(strokes) {
    const place = fitOutline(strokes);
    const now = () => picture(
      strokes,
      strokes.map(({ points }) => points.map((point) => point.map((value, axis) => value * place.magnification + place.offset[axis]))),
      pensOf(strokes, place.magnification),
    );
    if (strokes.some(({ erase }) => erase)) await fitWhatIsLeft(place, now);
    const before = await now();
    if (Math.max(...before) < VISIBLE) return new Float32Array(SIZE * SIZE);
    const middle = centreOfMass(before);
    place.offset = place.offset.map((value, axis) => value + SIZE / 2 - middle[axis]);
    return now();
  }

  return async function draw(given, prepare) {
    const text = `${prepare} ${JSON.stringify(given)}`;
    if (kept.text !== text) {
      const strokes = given.map(({ p, w = 60, e = 0 }) => ({
        points: Array.from({ length: p.length / 2 }, (_, i) => [p[2 * i] / PAD, p[2 * i + 1] / PAD]), width: w / PAD, erase: Boolean(e),
      }));
      let ink = new Float32Array(SIZE * SIZE);
      if (!strokes.every(({ erase }) => erase)) {
        const lines = () => strokes.map(({ points }) => points.map((point) => point.map((value) => value * SIZE)));
        ink = prepare ? await prepared(strokes) : await picture(strokes, lines(), strokes.map(({ width }) => width * SIZE));
      }
      kept = { text, digit: Uint8Array.from(ink, (value) => Math.round(Math.min(1, Math.max(0, value)) * 255)) };
    }
    return kept.digit;
  };
}

/** Width in px of each stroke; an eraser is scaled with the drawing. */
function pensOf(strokes, magnification) {
  return strokes.map(({ width, erase }) => {
    const wide = width * magnification;
    return erase ? wide : Math.min(PEN[1], Math.max(PEN[0], wide));
  });
}

/** Scales the longest side of all strokes, including erased ones, to the box. */
function fitOutline(strokes) {
  const drawn = strokes.filter(({ erase }) => !erase);
  const [lows, highs] = [Math.min, Math.max].map((pick) => drawn.map(({ points }) =>
    [0, 1].map((axis) => points.reduce((found, point) => pick(found, point[axis]), points[0][axis]))));
  const span = (low, high) => Math.max(high[0] - low[0], high[1] - low[1]);
  const least = (values) => [0, 1].map((axis) => Math.min(...values.map((one) => one[axis])));
  const most = (values) => [0, 1].map((axis) => Math.max(...values.map((one) => one[axis])));
  const longest = Math.max(span(least(lows), most(highs)), 1e-9);
  let magnification = LARGEST;
  const outline = () => {
    const pens = pensOf(drawn, magnification);
    return [
      least(lows.map((low, i) => low.map((value) => value * magnification - pens[i] / 2))),
      most(highs.map((high, i) => high.map((value) => value * magnification + pens[i] / 2))),
    ];
  };
  for (let round = 0; round < 4; round += 1) { // the width of the pen depends slightly on the scale
    const added = span(...outline()) - longest * magnification;
    magnification = Math.min((BOX - added) / longest, LARGEST);
  }
  const [low, high] = outline();
  return { magnification, offset: [0, 1].map((axis) => SIZE / 2 - (low[axis] + high[axis]) / 2) };
}

/** The same for the ink that remains after erasing, which only the rendered picture shows. Changes `place`. */
async function fitWhatIsLeft(place, now) {
  for (let round = 0; round < 2; round += 1) {
    const drawn = await now();
    if (Math.max(...drawn) < VISIBLE) return;
    const columns = new Float64Array(SIZE);
    const rows = new Float64Array(SIZE);
    drawn.forEach((value, i) => {
      columns[i % SIZE] = Math.max(columns[i % SIZE], value);
      rows[Math.floor(i / SIZE)] = Math.max(rows[Math.floor(i / SIZE)], value);
    });
    const [x, y] = [columns, rows].map(extent);
    let factor = BOX / Math.max(x[1] - x[0], y[1] - y[0], 1e-6);
    factor = Math.min(factor, LARGEST / place.magnification);
    place.magnification *= factor;
    place.offset = [x, y].map(([low, high], axis) => SIZE / 2 + factor * (place.offset[axis] - (low + high) / 2));
    if (Math.abs(factor - 1) < 0.01) return; // usually the eraser removed only a part inside the digit
  }
}

/** The edges of a profile of coverages, in px: where the coverage is 1/2. */
function extent(profile) {
  const values = [0, ...profile, 0]; // values[i] belongs to the coordinate i - 0.5
  const first = values.findIndex((value) => value >= VISIBLE);
  const last = values.findLastIndex((value) => value >= VISIBLE);
  return [
    first - 0.5 - (values[first] - 0.5) / (values[first] - values[first - 1]),
    last - 0.5 + (values[last] - 0.5) / (values[last] - values[last + 1]),
  ];
}

function centreOfMass(drawn) {
  let [mass, x, y] = [0, 0, 0];
  drawn.forEach((value, i) => {
    mass += value;
    x += value * ((i % SIZE) + 0.5);
    y += value * (Math.floor(i / SIZE) + 0.5);
  });
  return [x / mass, y / mass];
}

/** One point per half pixel of the path, and the last one; a slow pointer reports many more. */
function withoutCrowding(line) {
  if (line.length < 3) return line;
  const kept = [line[0]];
  let travelled = 0;
  let before = 0;
  for (let i = 1; i < line.length - 1; i += 1) {
    travelled += Math.hypot(line[i][0] - line[i - 1][0], line[i][1] - line[i - 1][1]) / CROWDED;
    const bucket = Math.floor(travelled);
    if (bucket > before) kept.push(line[i]);
    before = bucket;
  }
  return [...kept, line.at(-1)];
}
