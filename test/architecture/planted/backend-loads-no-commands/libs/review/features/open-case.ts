// planted violation
import { title } from '../cli.js';

export const opened = title;
