export * from './access.module.js';
export * from './access-replica.js';
export * from './decide-access.js';
export * from './decision-point.js';
