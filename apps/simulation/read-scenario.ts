import { readFile } from 'node:fs/promises';
import { describeFault } from '../../libs/events/event-schemas.js';
import { lazyValidators } from '../../libs/events/lazy-validators.js';
import { type InvalidField, InvalidInput } from '../../libs/kernel/errors.js';
import { type Scenario, ScenarioSchema } from './scenario.js';
import { SCENARIOS } from './scenarios.js';

/** @param named one that comes with Gatehouse, or a file @throws InvalidInput */
export async function readScenario(named: string): Promise<Scenario> {
  const known = SCENARIOS.find(({ name }) => name === named);
  if (known) return known;
  const text = await readFile(named, 'utf8').catch(({ code }) => {
    const message = `${named} is no file that can be read (${code}) and no known scenario: name a file, or one of ${SCENARIOS.map(({ name }) => name).join(', ')}`;
    throw new InvalidInput([{ field: '--scenario', message }]);
  });
  return scenarioOf(text, named);
}

/** @param file where the text comes from @throws InvalidInput with every fault */
export function scenarioOf(text: string, file: string): Scenario {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw new InvalidInput([{ field: file, message: `is no JSON (${(error as Error).message}): correct it` }]);
  }
  const validate = lazyValidators({ strict: true, strictTypes: false, allErrors: true })(ScenarioSchema)();
  if (!validate(given)) {
    const faults = validate.errors!.map((error) => describeFault(error, 'a scenario'));
    throw new InvalidInput(faults.map(({ field, message }) => ({ field, message: remedied(message) })));
  }
  const scenario = given as Scenario;
  const faults = inconsistencies(scenario);
  if (faults.length > 0) throw new InvalidInput(faults);
  return scenario;
}

const remedied = (message: string): string =>
  `${message}${message.includes(';') ? '' : '; "gatehouse simulate --schema" describes it'}`;

/** What a schema can't say. */
function inconsistencies({ people, plan, perWeek, before, raises = [], phases = [] }: Scenario): InvalidField[] {
  const faults: InvalidField[] = [];
  const classes = people.map((one) => one.class);
  const again = classes.find((one, n) => classes.indexOf(one) !== n);
  if (again !== undefined) {
    faults.push({ field: '/people', message: `has the class ${again} more than once; describe each class once` });
  }
  for (const { sharedShare, downloadedShare, violationRate, violatorShare = 1, class: name } of people) {
    if (sharedShare + downloadedShare > 1) {
      const message = `shares and downloads more images of class ${name} than there are; let sharedShare and downloadedShare add up to at most 1`;
      faults.push({ field: '/people', message });
    }
    if (violationRate > violatorShare) {
      const message = `has more violations in class ${name} than its violators have images; lower violationRate or raise violatorShare`;
      faults.push({ field: '/people', message });
    }
  }
  const stranger = plan?.classes.find((one) => one.class !== 'others' && !classes.includes(one.class));
  if (stranger) {
    const message = `names the class ${stranger.class}, in which nobody joins; describe it in people`;
    faults.push({ field: '/plan/classes', message });
  }
  const earlier = [...(before?.people ?? []), ...(before?.waiting ?? []), ...(before?.exposures ?? [])];
  const unknown = earlier.find((one) => !classes.includes(one.class));
  if (unknown) {
    const message = `names the class ${unknown.class}, whose people are not described; describe it in people`;
    faults.push({ field: '/before', message });
  }
  const missing = phases.flatMap((one) => one.classes ?? []).find((name) => !classes.includes(name));
  if (missing !== undefined) {
    const message = `names the class ${missing}, in which nobody joins; describe it in people`;
    faults.push({ field: '/phases', message });
  }
  if (!phases.every(({ day }, n) => day > (phases[n - 1]?.day ?? 0)))
    faults.push({
      field: '/phases',
      message: 'must begin one after the other, each on a day of its own; put them in order',
    });
  const isRising = raises.every((rate, n) => rate > (raises[n - 1] ?? perWeek));
  if (!isRising) faults.push({ field: '/raises', message: 'must rise from perWeek on; put the rates in order' });
  return faults;
}
