/** Spherical astronomy, as little as a chart needs; angles in radians unless the name says otherwise. */

const LATITUDE = (55.1 * Math.PI) / 180;
const LONGITUDE_HOURS = -2.0 / 15;

const siderealHours = (date) => 18.697374558 + 24.06570982441908 * (date / 864e5 - 10957.5) + LONGITUDE_HOURS;

/** Where a star stands; azimuth is counted from north through east. Meeus, chapter 13. */
export function horizontal(hours, degrees, date) {
  const angle = ((siderealHours(date) - hours) * Math.PI) / 12;
  const declination = (degrees * Math.PI) / 180;
  const altitude = Math.asin(
    Math.sin(LATITUDE) * Math.sin(declination) + Math.cos(LATITUDE) * Math.cos(declination) * Math.cos(angle),
  );
  const azimuth = Math.atan2(
    -Math.cos(declination) * Math.sin(angle),
    Math.cos(LATITUDE) * Math.sin(declination) - Math.sin(LATITUDE) * Math.cos(declination) * Math.cos(angle),
  );
  return { altitude, azimuth };
}
