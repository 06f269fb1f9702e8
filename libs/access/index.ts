export * from './decide-access.js';
