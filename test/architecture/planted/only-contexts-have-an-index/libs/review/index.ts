export { cases } from './views/cases.js';
