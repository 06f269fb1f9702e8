import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startGatehouse, type TestGatehouse } from '../../../test/support/gatehouse.js';
import { dueVerification, verificationRecord } from './recorded-verification.js';
import { VerifySchedule } from './verify-schedule.js';

const DUE = { everyMinutes: 60, fullEveryHours: 168 };

describe('the verification that runs by itself', () => {
  let gatehouse: TestGatehouse;
  let schedule: VerifySchedule;

  beforeEach(async () => {
    gatehouse = await startGatehouse();
    schedule = new VerifySchedule(gatehouse.runtime);
    const email = (n: number) => gatehouse.administrator.post('/v1/waitlist', { email: `p${n}@example.org` });
    for (let n = 0; n < 5; n++) expect((await email(n)).status).toBe(202);
    await gatehouse.settle();
  });
  afterEach(() => gatehouse.close());

  const pool = () => gatehouse.runtime.pool;
  const age = (column: string, hours: number) =>
    pool().query(`UPDATE proof.verifications SET ${column} = ${column} - make_interval(hours => $1)`, [hours]);
  const metric = async (name: string) =>
    new RegExp(`^gatehouse_${name} (\\S+)$`, 'm').exec((await gatehouse.administrator.get('/metrics')).body)?.[1];

  it('compares all events first, then new ones every hour and all every week', async () => {
    expect(await dueVerification(pool(), DUE)).toBe('full');
    await schedule.tick();
    expect(await verificationRecord(pool())).toEqual({ intactAt: expect.any(Date), fullAt: expect.any(Date) });
    expect(await dueVerification(pool(), DUE)).toBeUndefined();
    await age('ended_at', 2);
    expect(await dueVerification(pool(), DUE)).toBe('further');
    expect(await dueVerification(pool(), { ...DUE, everyMinutes: 0 })).toBeUndefined();
    await age('full_ended_at', 200);
    expect(await dueVerification(pool(), DUE)).toBe('full');
    expect(await dueVerification(pool(), { everyMinutes: 0, fullEveryHours: 0 })).toBeUndefined();
    await schedule.tick();
    expect(await dueVerification(pool(), DUE)).toBeUndefined();
  });

  it('reports what was altered until all events were compared and found whole', async () => {
    await schedule.tick();
    expect(await metric('proof_log_altered')).toBe('0');
    await pool().query(`UPDATE log.events SET data = (data::text || ' ')::json WHERE position = 3`);
    await age('full_ended_at', 200);
    await schedule.tick();
    expect(await verificationRecord(pool())).toMatchObject({ fault: { kind: 'event-altered', position: 3 } });
    expect(await metric('proof_log_altered')).toBe('1');
    const { body } = await gatehouse.administrator.get('/v1/status');
    expect(body.proof.verified.fault).toMatch(/^position 3: /);
    // It is not compared again at once, and a look at new events only does not clear it.
    expect(await dueVerification(pool(), DUE)).toBeUndefined();
    await age('ended_at', 2);
    await schedule.tick();
    expect(await metric('proof_log_altered')).toBe('1');
    await pool().query('UPDATE log.events SET data = rtrim(data::text)::json WHERE position = 3');
    await age('full_ended_at', 200);
    await schedule.tick();
    expect(await metric('proof_log_altered')).toBe('0');
  });

  it('takes no alarm from somebody who trusts another key', async () => {
    const keys = ['PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'];
    const { body } = await gatehouse.administrator.post('/v1/log-verifications', { full: true, keys });
    const ended = async () => (await gatehouse.administrator.get(`/v1/log-verifications/${body.id}`)).body.status;
    while ((await ended()) === 'running') await new Promise((resolve) => setImmediate(resolve));
    expect([await ended(), await metric('proof_log_altered')]).toEqual(['altered', '0']);
  });
});
