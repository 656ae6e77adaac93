/** Follows every star for six hours, off the main thread. */
import { project } from "./chart.js";
import { horizontal } from "./sphere.js";

const MINUTES = 6 * 60;
const EVERY = 4;

/** One point on the chart per step; `null` while the star is below the horizon. */
function* track(hours, degrees, from) {
  for (let minute = 0; minute <= MINUTES; minute += EVERY) {
    const direction = horizontal(hours, degrees, from + minute * 60_000);
    yield direction.altitude > 0 ? project(direction) : null;
  }
}

self.onmessage = ({ data: { stars, from } }) => {
  self.postMessage(
    stars.map(([, hours, degrees, magnitude]) => ({ magnitude, points: [...track(hours, degrees, from)] })),
  );
};
