"use strict";
// Draws every figure in the colours of the page, and zooms all of them together.
(() => {
  const plots = [...document.querySelectorAll(".plot")].map((place) => ({
    place,
    figure: JSON.parse(place.nextElementSibling.textContent),
  }));
  const colour = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const options = {
    responsive: true,
    displaylogo: false,
    displayModeBar: false,
    doubleClick: "reset",
  };

  const draw = ({ place, figure }) => {
    const { data, layout } = structuredClone(figure);
    for (const trace of data) {
      const own = colour(trace.meta.colour);
      trace.marker = { ...trace.marker, color: own };
      if (trace.line) trace.line.color = own;
    }
    for (const shape of layout.shapes || []) shape.line.color = colour("faint");
    for (const axis of [layout.xaxis, layout.yaxis]) {
      Object.assign(axis, { gridcolor: colour("grid"), linecolor: colour("line") });
    }
    // Drawn again in other colours, it shows what it showed.
    if (place.layout) layout.xaxis.range = place.layout.xaxis.range;
    Object.assign(layout, {
      paper_bgcolor: "transparent",
      plot_bgcolor: "transparent",
      font: { color: colour("text"), family: getComputedStyle(document.body).fontFamily, size: 12 },
      hoverlabel: {
        bgcolor: colour("card"),
        bordercolor: colour("line"),
        font: { color: colour("text") },
      },
      dragmode: "zoom",
    });
    return Plotly.react(place, data, layout, options);
  };

  let following = false;
  const follow = (zoomed) => (change) => {
    const range = ["xaxis.range[0]", "xaxis.range[1]"].map((end) => change[end]);
    const whole = change["xaxis.autorange"];
    if (following || (range[0] === undefined && !whole && !change["xaxis.range"])) return;
    following = true;
    const target = range[0] === undefined ? zoomed.layout.xaxis.range : range;
    Promise.all(
      plots
        .filter(({ place }) => place !== zoomed)
        .map(({ place }) => Plotly.relayout(place, { "xaxis.range": [...target] })),
    ).finally(() => {
      following = false;
    });
  };

  // The times of all windows: those of the first plot, the verdicts.
  const times = plots[0].figure.data.flatMap((trace) => trace.x).sort();
  const buttons = [...document.querySelectorAll("button[data-last]")];
  const show = (button) => {
    const shown = times.slice(-Number(button.dataset.last));
    const [first, last] = [shown[0], shown.at(-1)].map((day) => Date.parse(day));
    const room = Math.max(4 * 864e5, (last - first) / 30);
    const range = [first - room, last + room].map((at) => new Date(at).toISOString().slice(0, 10));
    for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    for (const { figure } of plots) figure.layout.xaxis.range = range;
    following = true;
    return Promise.all(
      plots.map(({ place }) => Plotly.relayout(place, { "xaxis.range": [...range] })),
    ).finally(() => {
      following = false;
    });
  };
  for (const button of buttons) button.addEventListener("click", () => show(button));

  Promise.all(plots.map(draw)).then(async () => {
    // Of years, the last one first.
    if (buttons.length) await show(buttons.find((button) => button.dataset.last === "52") || buttons.at(-1));
    for (const { place } of plots) place.on("plotly_relayout", follow(place));
    document.documentElement.dataset.drawn = String(plots.length);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plots.forEach(draw));
})();
