// planted violation
export * from './logging.js';
