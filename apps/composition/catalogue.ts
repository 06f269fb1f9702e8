import { Catalogue } from '../../libs/context/catalogue.js';
import { contexts } from '../contexts.js';

export const catalogue = new Catalogue(contexts);
