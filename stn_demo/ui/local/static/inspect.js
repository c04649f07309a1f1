// The inspector's data about one pixel, from the reading graph, in the form of analysis/frame.py's _inspect_warped and _inspect_input.

/** -> {inspect, density}: either may be null, see Frame in analysis/frame.py. */
export function lookInto({ question, found, sampler, reading }) {
  const { density, inspect } = question;
  if (!density && !inspect) return { inspect: null, density: null };
  if (!sampler) return { inspect: null, density: new Float32Array(found.input.data.length).fill(1) };
  const side = inspect && (inspect.view === "warped" ? found.grid.dims[0] : found.input.dims[0]);
  const there = inspect && Math.max(inspect.x, inspect.y) < side;
  const look = there && (inspect.view === "warped" ? ofWarped : ofInput);
  return { density: density ? reading.density.data : null, inspect: look ? look(inspect, found, reading) : null };
}

/** How output pixel (x, y) was sampled; neighbours outside the picture are listed with value 0. */
function ofWarped({ x, y }, { input }, { weights, source, outside, warped }) {
  const side = input.dims[0];
  const taps = nonzero(weights.data, side).map(([column, row, weight]) => [column, row, weight, input.data[row * side + column], 1]);
  for (let i = 0; i < 16; i += 4) {
    const [column, row, weight, listed] = outside.data.slice(i, i + 4);
    if (listed) taps.push([Math.trunc(column), Math.trunc(row), weight, 0, 0]);
  }
  taps.sort((a, b) => a[1] - b[1] || a[0] - b[0]);
  return { view: "warped", x, y, value: warped.data[y * warped.dims[1] + x], source: [...source.data], taps };
}

/** The output pixels that sample input pixel (x, y). */
function ofInput({ x, y }, { input }, { readers }) {
  const total = readers.data.reduce((sum, weight) => sum + weight, 0);
  const taps = nonzero(readers.data, readers.dims[1]);
  return { view: "input", x, y, value: input.data[y * input.dims[1] + x], total, taps };
}

function nonzero(data, columns) {
  const taps = [];
  data.forEach((weight, i) => weight && taps.push([i % columns, Math.floor(i / columns), weight]));
  return taps;
}
