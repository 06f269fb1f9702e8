import { expect, it } from '@jest/globals';
import type { ProcessRole } from '../../platform/process/living-processes.js';
import { missingRoles } from './missing-roles.js';

const missing = (kafkaBrokers: string[], ...living: ProcessRole[][]) =>
  missingRoles(
    living.map((roles) => ({ roles })),
    { kafkaBrokers },
  );

it('a deployment needs a gateway, a projector and a reactor, and with Kafka an ingester and a publisher', () => {
  expect(missing([])).toEqual(['gateway', 'projector', 'reactor']);
  expect(missing(['kafka:9092'], ['gateway'], ['gateway'])).toEqual(['projector', 'reactor', 'ingester', 'publisher']);
  expect(missing([], ['gateway'], ['projector'], ['reactor'])).toEqual([]);
});

it('one process may have several roles', () => {
  expect(missing([], ['gateway', 'projector', 'reactor'])).toEqual([]);
  expect(missing(['kafka:9092'], ['gateway', 'projector', 'reactor', 'ingester'])).toEqual(['publisher']);
});
