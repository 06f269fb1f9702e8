import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

const TESTS = 'deploy/alerts.test.yml';

interface AlertTest {
  alertname: string;
  exp_alerts: object[];
}

/** What operators rely on to notice that the rollout does harm, or that nobody reacts to it. */
const SAFETY_ALERTS = [
  'GatehouseFlaggedShareHigh',
  'GatehouseFlaggedShareNotBelow',
  'GatehouseViolationRateHigh',
  'GatehouseViolationRateNotBelow',
  'GatehouseRateExceeded',
  'GatehouseRateBroken',
  'GatehouseLineHeld',
  'GatehouseOnboardedTwice',
  'GatehouseReviewBacklog',
  'GatehouseEnforcementsOverdue',
  'GatehouseAppealsOverdue',
  'GatehouseOverturnRateHigh',
  'GatehouseDeactivationSlow',
];

describe('the alert rules about safety', () => {
  it('each have a test in which they fire, and one in which they don’t', () => {
    const tests: AlertTest[] = parse(readFileSync(TESTS, 'utf8')).tests.flatMap(
      ({ alert_rule_test }: { alert_rule_test: AlertTest[] }) => alert_rule_test,
    );
    const of = (alert: string) => tests.filter(({ alertname }) => alertname === alert).map((one) => one.exp_alerts);
    for (const alert of SAFETY_ALERTS) {
      const expected = of(alert).map((alerts) => alerts.length > 0);
      expect([alert, expected.includes(true), expected.includes(false)]).toEqual([alert, true, true]);
    }
  });

  const promtool = spawnSync('promtool', ['--version']);
  (promtool.error ? it.skip : it)('pass the tests of promtool', () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', TESTS], { encoding: 'utf8' });
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });
});
