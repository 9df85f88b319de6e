// Times in the page's zone, durations, and the ticks of an axis.

const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// The zone's offset at a time, in milliseconds.
function offsetAt(ms) {
  let at = 0;
  while (at + 1 < ZONE.from.length && ZONE.from[at + 1] <= ms) at++;
  return ZONE.seconds[at] * SECOND;
}

// The calendar's fields, read as if the zone were UTC.
const local = (ms) => new Date(ms + offsetAt(ms));
const two = (n) => String(n).padStart(2, "0");

function offsetText(ms) {
  const minutes = offsetAt(ms) / MINUTE;
  const of = Math.abs(minutes);
  return (minutes < 0 ? "-" : "+") + two(Math.floor(of / 60)) + ":" + two(of % 60);
}

function dateText(ms) {
  const date = local(ms);
  return `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
}

function clockText(ms) {
  const date = local(ms);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

// Where the offset changes within the page, each time names its own.
function timeText(ms) {
  if (Number.isNaN(local(ms).getTime())) return `@${ms / 1000}`;
  const offset = ZONE.from.length > 1 ? offsetText(ms) : "";
  return `${dateText(ms)} ${clockText(ms)}${offset}`;
}

function durationText(ms) {
  const seconds = Math.floor(ms / SECOND);
  const units = [[Math.floor(seconds / 86400), "d"], [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"], [seconds % 60, "s"]];
  let at = units.findIndex(([n]) => n > 0);
  if (at < 0) at = 3;
  return units.slice(at, at + 3).map(([n, unit], i) => (i ? two(n) : n) + unit).join(" ");
}

// The distances between ticks; months and years have no fixed length.
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500].map((n) => ({ ms: n }))
  .concat([1, 2, 5, 10, 15, 30].map((n) => ({ ms: n * SECOND })))
  .concat([1, 2, 5, 10, 15, 30].map((n) => ({ ms: n * MINUTE })))
  .concat([1, 2, 3, 6, 12].map((n) => ({ ms: n * HOUR })))
  .concat([1, 2, 7].map((n) => ({ ms: n * DAY })))
  .concat([1, 3, 6].map((months) => ({ ms: months * 30 * DAY, months })))
  .concat([12, 24, 60, 120, 1200].map((months) => ({ ms: months * 30 * DAY, months })));

// Ticks that are at least `room` milliseconds apart: [{ms, text, major}].
function ticks(from, until, room) {
  const step = STEPS.find(({ ms }) => ms >= room) ?? STEPS[STEPS.length - 1];
  const found = [];
  const add = (ms) => {
    if (ms >= from && ms <= until) found.push({ ms, ...tickText(ms, step) });
  };
  if (step.months) {
    const date = local(from);
    let month = date.getUTCFullYear() * 12 + date.getUTCMonth();
    month -= month % step.months;
    for (let i = 0; i < 500; i++, month += step.months) {
      const ms = Date.UTC(Math.floor(month / 12), month % 12, 1);
      if (ms - offsetAt(ms) > until) break;
      add(ms - offsetAt(ms));
    }
    return found;
  }
  // Weeks begin on Mondays; 1970 began on a Thursday.
  const shift = step.ms === 7 * DAY ? 4 * DAY : 0;
  let at = Math.floor((from + offsetAt(from) - shift) / step.ms) * step.ms + shift;
  for (let i = 0; i < 500 && at - offsetAt(at) <= until; i++, at += step.ms) add(at - offsetAt(at - offsetAt(at)));
  return found;
}

function tickText(ms, step) {
  const date = local(ms);
  const day = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
  if (step.months) {
    const january = date.getUTCMonth() === 0;
    const year = String(date.getUTCFullYear());
    return { text: step.months >= 12 || january ? year : MONTHS[date.getUTCMonth()], major: january };
  }
  if (step.ms >= DAY) return { text: day, major: date.getUTCDate() <= step.ms / DAY };
  const midnight = (ms + offsetAt(ms)) % DAY === 0;
  if (midnight) return { text: day, major: true };
  const clock = clockText(ms);
  if (step.ms >= MINUTE) return { text: clock.slice(0, 5), major: false };
  if (step.ms >= SECOND) return { text: clock, major: false };
  return { text: clock.slice(6) + "." + String(date.getUTCMilliseconds()).padStart(3, "0"), major: false };
}

// The shown range, as short as it can be told.
function rangeText(from, until) {
  const short = until - from < 2 * MINUTE ? 8 : 5;
  const same = dateText(from) === dateText(until);
  const end = clockText(until).slice(0, short);
  if (until - from > 4 * DAY) return `${dateText(from)} – ${dateText(until)}`;
  return `${dateText(from)} ${clockText(from).slice(0, short)} – ${same ? end : dateText(until) + " " + end}`;
}
