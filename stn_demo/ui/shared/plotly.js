// Loads Plotly from the server: 4 MB, only for visitors who look at a figure.

let loading = null;

/** base: url of the app, with a slash at the end. -> window.Plotly. Rejects if it cannot be loaded; the next call tries again. */
export function loadPlotly(base) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  loading ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = new URL("stn/plotly.js", base);
    script.onload = () => done(window.Plotly);
    script.onerror = () => {
      loading = null;
      failed(new Error("Plotly could not be loaded"));
    };
    document.head.append(script);
  });
  return loading;
}

const SMALL = 11; // px

/** The factor by which texts and margins of a plot grow: 1, but in a lecture as large as the text around the plot. */
export function textScale(element) {
  return document.body.classList.contains("stn-lecture") ? parseFloat(getComputedStyle(element).fontSize) / SMALL : 1;
}
