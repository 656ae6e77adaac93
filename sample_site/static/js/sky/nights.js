/** When the dome is open; the dates are in data/nights.json. */

const source = new URL("../../data/nights.json", import.meta.url);

/** The first open night that is not over yet: `{day, time}`, or `null` in high summer. */
export async function nextNight(now) {
  const { weekday, months } = await (await fetch(source)).json();
  for (let ahead = 0; ahead < 366; ahead++) {
    const date = new Date(now.getFullYear(), now.getMonth(), now.getDate() + ahead, 23, 59);
    const time = months[date.getMonth()];
    if (date.getDay() === weekday && time && date > now) {
      return { day: date.toLocaleDateString("en-GB", { day: "numeric", month: "long" }), time };
    }
  }
  return null;
}
