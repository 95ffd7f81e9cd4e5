import { builder } from './builder.ts';

/**
 * @param values their descriptions. With `enumOf<Name>`, it does not compile unless each name is described. A value such as
 * `not-found` has the name `NOT_FOUND` in the schema.
 */
export function enumOf<Value extends string>(name: string, description: string, values: Record<Value, string>) {
  const described = Object.entries(values).map(([value, text]) => [
    value.toUpperCase().replaceAll('-', '_'),
    { value, description: text },
  ]);
  return builder.enumType(name, {
    description,
    values: Object.fromEntries(described) as { [Each in Value]: { value: Each; description: string } },
  });
}
