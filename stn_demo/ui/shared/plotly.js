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
