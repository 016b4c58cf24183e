import { describe, expect, it } from '@jest/globals';
import { selectingValue } from '../http/vary.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { FakeClock } from '../testing/fake-clock.js';
import { Guest } from './engine.test.support.js';
import type { Visitor } from './flight.js';
import { Flights } from './flights.js';
import { Selection } from './selection.js';
import { VariantIndex } from './variants.js';

function open(waitersPerKey = 2) {
  const clock = new FakeClock();
  const late: Visitor[] = [];
  const selection = new Selection(new VariantIndex(3), selectingValue);
  const flights = new Flights(selection, clock, new Telemetry(), waitersPerKey, 1_000, (waiters) =>
    late.push(...waiters.map(({ visitor }) => visitor)),
  );
  return { clock, flights, late };
}

describe('Flights', () => {
  it('finds a flight until it is closed', () => {
    const { flights } = open();
    const flight = flights.open('k');
    expect(flights.find('k')).toBe(flight);
    flights.close(flight);
    expect(flights.find('k')).toBeUndefined();
  });

  it('does not close another flight of the same text', () => {
    const { flights } = open();
    const first = flights.open('k');
    flights.close(first);
    const second = flights.open('k');
    flights.close(first);
    expect(flights.find('k')).toBe(second);
  });

  it('takes the next flight for one that may be joined, unless another is', () => {
    const { flights } = open();
    const next = flights.next('k', [new Guest('/')]);
    expect(flights.find('k')).toBe(next);
    const other = flights.next('k', [new Guest('/')]);
    expect(flights.find('k')).toBe(next);
    expect(other.waiters.map(({ isEarly }) => isEarly)).toEqual([true]);
  });

  it('lets so many wait, not counting whose client has gone', () => {
    const { flights } = open(2);
    const flight = flights.open('k');
    const guests = [new Guest('/'), new Guest('/'), new Guest('/')] as const;
    expect(guests.map((guest) => flights.join(flight, guest))).toEqual([true, true, false]);
    guests[0].isGone = true;
    expect(flights.join(flight, guests[2])).toBe(true);
  });

  it('closes a flight in which somebody has waited too long, and lets those go', () => {
    const { flights, clock, late } = open();
    const flight = flights.open('k');
    const guests = [new Guest('/'), new Guest('/')] as const;
    flights.join(flight, guests[0]);
    clock.advance(1);
    flights.join(flight, guests[1]);
    clock.advance(999);
    expect(late).toEqual([guests[0]]);
    expect(flights.find('k')).toBeUndefined();
    clock.advance(1);
    expect(late).toEqual(guests);
  });
});
