import { builder } from './builder.ts';

/** @param values their descriptions. With `enumOf<Name>`, it does not compile unless each name is described. */
export function enumOf<Value extends string>(name: string, description: string, values: Record<Value, string>) {
  const described = Object.entries(values).map(([value, text]) => [value, { description: text }]);
  return builder.enumType(name, {
    description,
    values: Object.fromEntries(described) as Record<Value, { description: string }>,
  });
}
