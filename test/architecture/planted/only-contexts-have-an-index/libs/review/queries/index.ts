// planted violation
export * from './cases.js';
