import pg from 'pg';

export const openPool = (max: number) => new pg.Pool({ max });
