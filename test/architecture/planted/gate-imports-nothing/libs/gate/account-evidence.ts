// planted violation
import { lgamma } from 'mathjs';

export const logGamma = lgamma;
