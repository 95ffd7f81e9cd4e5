import type { App } from '../../src/app.ts';

let made = 0;

/**
 * Lets every insertion into a table wait, from now on.
 * @returns ends it, for those that wait and for later ones.
 */
export async function holdInserts({ pool }: Pick<App, 'pool'>, table: string): Promise<() => Promise<void>> {
  const key = ++made;
  const name = `hold_inserts_${key}`;
  await pool.query(`CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      PERFORM pg_advisory_xact_lock_shared(${key});
      RETURN NEW;
    END $$;
    CREATE TRIGGER ${name} BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION ${name}()`);
  const holder = await pool.connect();
  await holder.query('SELECT pg_advisory_lock($1)', [key]);
  return async () => {
    await holder.query('SELECT pg_advisory_unlock($1)', [key]);
    holder.release();
    await pool.query(`DROP TRIGGER ${name} ON ${table}; DROP FUNCTION ${name}()`);
  };
}

/**
 * Lets PostgreSQL refuse to write rows of a table, from now on.
 * @param options.when SQL over `NEW` that says which rows. Default: all.
 * @param options.code the SQLSTATE that it refuses them with.
 * @returns ends it.
 */
export async function failWrites(
  { pool }: Pick<App, 'pool'>,
  table: string,
  { code, when = 'true' }: { readonly code: string; readonly when?: string },
): Promise<() => Promise<void>> {
  const name = `fail_writes_${++made}`;
  await pool.query(`CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF ${when} THEN RAISE EXCEPTION 'refused by a test' USING ERRCODE = '${code}'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER ${name} BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${name}()`);
  return async () => {
    await pool.query(`DROP TRIGGER ${name} ON ${table}; DROP FUNCTION ${name}()`);
  };
}
