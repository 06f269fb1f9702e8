// planted violation
import { runtime } from '../composition/runtime.js';
import { version } from '../composition/version.js';

export const main = `${runtime} ${version}`;
