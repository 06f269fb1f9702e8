import { expect, it } from '@jest/globals';
import { isTransientDatabaseError } from './transient.js';

it.each([
  [{ code: 'ENOENT', syscall: 'connect', message: 'connect ENOENT /data/postgres/socket/.s.PGSQL.5432' }, true],
  [{ code: 'EAGAIN', syscall: 'connect' }, true],
  [{ code: 'ECONNREFUSED', syscall: 'connect' }, true],
  [{ code: 'SERVER_NOT_PROVED' }, true],
  [{ code: '57P03' }, true],
  [{ code: 'ENOENT', syscall: 'open' }, false],
  [{ code: '42501' }, false],
])('a database error %j is transient: %s', (error, transient) => {
  expect(isTransientDatabaseError(error)).toBe(transient);
});
