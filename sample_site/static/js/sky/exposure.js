/** A long exposure: the chart, with the shutter open for six hours. Loaded when somebody asks. */
import { prepare } from "./chart.js";

const tracks = (stars, from) =>
  new Promise((done, failed) => {
    const worker = new Worker(new URL("./exposure-worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => (worker.terminate(), done(data));
    worker.onerror = failed;
    worker.postMessage({ stars, from });
  });

export async function expose(canvas, { stars }, date) {
  const lines = await tracks(stars, Number(date));
  const context = prepare(canvas);
  context.lineCap = "round";
  const steps = Math.max(...lines.map((line) => line.points.length));
  for (let step = 1; step < steps; step++) {
    for (const line of lines) drawStep(context, line, step);
    if (step % 2) await new Promise(requestAnimationFrame);
  }
}

function drawStep(context, { points, magnitude }, step) {
  const [from, to] = [points[step - 1], points[step]];
  if (!from || !to) return;
  context.strokeStyle = `rgb(255 ${232 - magnitude * 8} ${200 + magnitude * 14} / ${0.95 - magnitude * 0.12})`;
  context.lineWidth = 0.012 * 0.8 ** magnitude;
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}
