import type { TestApp } from './harness.ts';

/** Holds every place for writing large files. @returns lets go of them. */
export async function blockLargeWrites({ app }: Pick<TestApp, 'app'>): Promise<() => void> {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const held = Array.from({ length: 2 }, () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    void app.largeWrites.add(() => {
      begin();
      return released;
    });
    return begun;
  });
  await Promise.all(held);
  return release;
}
