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
  const light = Math.min(100, 96 - magnitude * 11); // opaque, or the ends of steps would show as beads
  context.strokeStyle = `hsl(${magnitude < 1.5 ? 42 : 218} 36% ${light}%)`;
  context.lineWidth = 0.012 * 0.8 ** magnitude;
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}
