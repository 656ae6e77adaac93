/** The moon, to within a few hours: enough to know whether to bring a torch. */

const MONTH = 29.530588853; // mean synodic month, days
const NEW_MOON = Date.UTC(2000, 0, 6, 18, 14); // a new moon to count from

const NAMES = [
  "New moon",
  "Waxing crescent",
  "First quarter",
  "Waxing gibbous",
  "Full moon",
  "Waning gibbous",
  "Last quarter",
  "Waning crescent",
];

/** Days since the last new moon. */
export const moonAge = (date) => ((((date - NEW_MOON) / 864e5) % MONTH) + MONTH) % MONTH;

export const phaseName = (age) => NAMES[Math.round((age / MONTH) * 8) % 8];

/** The lit part as SVG: one half circle, and an ellipse that is the terminator. */
export function drawMoon(age) {
  const turn = age / MONTH;
  const reach = 18 * Math.cos(2 * Math.PI * turn);
  const [outer, inner] = turn < 0.5 ? [1, reach > 0 ? 0 : 1] : [0, reach > 0 ? 1 : 0];
  const lit = `M20 2A18 18 0 0 ${outer} 20 38A${Math.abs(reach).toFixed(2)} 18 0 0 ${inner} 20 2z`;
  return `<svg viewBox="0 0 40 40" class="moon" aria-hidden="true">
    <circle cx="20" cy="20" r="18" fill="#1b2640" stroke="currentColor"/>
    <path d="${lit}" fill="#efe6d4"/>
  </svg>`;
}
