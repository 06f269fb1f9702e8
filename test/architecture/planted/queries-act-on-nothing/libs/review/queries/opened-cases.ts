// planted violation
import { name } from '../processes/case-opening.js';

export const followed = name;
