import { shown } from '../../images/cli.js';

export const title = shown;
