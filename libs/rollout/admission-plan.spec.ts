import { describe, expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import {
  type AdmissionPlan,
  admissionPlanStream,
  endSchedule,
  refuseDaily,
  setClassPlan,
  setSchedule,
  shareCohort,
  sharesOfCohort,
} from './admission-plan.js';
import type { ClassPlan } from './class-plan.js';

const quotas: ClassPlan = { mode: 'quotas', classes: [{ class: 'artists', share: 20 }] };
const { initial } = admissionPlanStream;
const after = (state: AdmissionPlan, events: ReturnType<typeof setClassPlan>, position = 1) =>
  fold(
    admissionPlanStream,
    events.map((event) => ({ ...event, position })),
    state,
  );
const planned = after(initial, setClassPlan(initial, quotas, 'spec'));

describe('setting the class plan', () => {
  it('records the plan and why, and counts anew', () => {
    expect(setClassPlan(initial, quotas, 'spec')).toEqual([
      { type: 'ClassPlanSet', data: { ...quotas, reason: 'spec' } },
    ]);
    const used = after(planned, shareCohort(planned, 'c1', 10), 2);
    expect(used.shared).toBe(10);
    const again = after(used, setClassPlan(used, { mode: 'order', classes: [] }, 'spec'), 3);
    expect(again).toMatchObject({ shared: 0, changedAt: 3 });
  });

  it('refuses shares that make no sense, and reserved or repeated classes', () => {
    const faulty: ClassPlan[] = [
      { mode: 'order', classes: [{ class: 'a', share: 1 }] },
      { mode: 'weights', classes: [{ class: 'a' }] },
      {
        mode: 'weights',
        classes: [
          { class: 'a', share: 1 },
          { class: 'a', share: 2 },
        ],
      },
      {
        mode: 'quotas',
        classes: [
          { class: 'a', share: 60 },
          { class: 'b', share: 41 },
        ],
      },
      { mode: 'weights', classes: [{ class: 'staff', share: 1 }] },
      { mode: 'order', classes: [{ class: 'hold-out' }] },
    ];
    for (const plan of faulty) {
      expect(() => setClassPlan(initial, plan, 'spec')).toThrow(expect.objectContaining({ code: 'invalid-input' }));
    }
  });

  it('is a no-op for the plan in force', () => {
    expect(setClassPlan(planned, quotas, 'another reason')).toEqual([]);
    expect(setClassPlan(initial, { mode: 'order', classes: [] }, 'spec')).toEqual([]);
  });
});

describe('the schedule of slices', () => {
  const wanted = { timeZone: 'Europe/London', days: ['friday', 'monday'], hours: [15, 9] } as const;
  const stored = { timeZone: 'Europe/London', days: ['monday', 'friday'], hours: [9, 15] } as const;
  const scheduled = after(initial, setSchedule(initial, wanted, 'spec'));

  it('is recorded in order, and ended', () => {
    expect(setSchedule(initial, wanted, 'spec')).toEqual([
      { type: 'AdmissionScheduleSet', data: { ...stored, reason: 'spec' } },
    ]);
    expect(scheduled).toMatchObject({ schedule: stored, changedAt: 1 });
    const ended = after(scheduled, endSchedule(scheduled, 'spec'), 2);
    expect([ended.schedule, ended.changedAt]).toEqual([undefined, 2]);
  });

  it('has its end confirmed if people come in by it', () => {
    expect(() => refuseDaily({ daily: true, perWeek: 150 })).toThrow(
      expect.objectContaining({ code: 'confirmation-needed', details: { thenDaily: true, perDay: 22 } }),
    );
    for (const none of [{ daily: true, perWeek: 0 }, { daily: true }, { daily: false, perWeek: 150 }]) {
      expect(() => refuseDaily(none)).not.toThrow();
    }
  });

  it('is refused in a time zone that nobody knows', () => {
    expect(() => setSchedule(initial, { ...wanted, timeZone: 'Mars/Olympus' }, 'spec')).toThrow(
      expect.objectContaining({ code: 'invalid-input' }),
    );
  });

  it('is a no-op if it is in force, or if there is none to end', () => {
    expect(setSchedule(scheduled, stored, 'another reason')).toEqual([]);
    expect(endSchedule(initial, 'spec')).toEqual([]);
    expect(shareCohort(scheduled, 'c1', 5)).toEqual([]);
  });
});

describe('sharing a cohort', () => {
  it('continues where the cohort before ended, and keeps the plan that it began with', () => {
    const first = after(planned, shareCohort(planned, 'c1', 7), 2);
    const second = after(first, shareCohort(first, 'c2', 3), 3);
    expect(sharesOfCohort(second, 'c2')).toMatchObject({ plan: quotas, from: 7 });
    const changed = after(second, setClassPlan(second, { mode: 'order', classes: [] }, 'spec'), 4);
    expect(sharesOfCohort(changed, 'c2')).toMatchObject({ plan: quotas, from: 7 });
  });

  it('is a no-op for a cohort that was shared, and while no plan was ever set', () => {
    const first = after(planned, shareCohort(planned, 'c1', 7), 2);
    expect(shareCohort(first, 'c1', 7)).toEqual([]);
    expect(shareCohort(initial, 'c1', 7)).toEqual([]);
  });
});
