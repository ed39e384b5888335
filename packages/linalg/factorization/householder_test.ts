import { assert, assertEquals } from "@std/assert";
import { randomValues } from "../testing/device_case.ts";
import { distance, identity, times } from "../testing/matrices.ts";
import { transposed } from "../testing/oracle.ts";
import { blockReflector, factorizePanel, norm, reflect } from "./householder.ts";

Deno.test("norm() neither overflows nor underflows", () => {
  assertEquals(norm(Float64Array.of()), 0);
  assertEquals(norm(Float64Array.of(0, -0)), 0);
  assertEquals(norm(Float64Array.of(3, -4)), 5);
  for (const scale of [1e-310, 1e-200, 1e-100, 1e100, 1e200, 1e307]) {
    // Numbers of 1e-310 have 46 bits.
    const found = norm(Float64Array.of(3 * scale, 0, -4 * scale));
    assert(Math.abs(found / scale / 5 - 1) <= 1e-13, `${scale}: ${found}`);
  }
});

Deno.test("reflect() turns a vector into a multiple of the first unit vector", () => {
  for (const scale of [1, 1e-200, 1e200, 2 ** -1050]) {
    for (const x of [[3, 4], [-3, 4, 0], [0, 0, 2], [1e-20, 1], [5, 1e-20], [-2]]) {
      const v = Float64Array.from(x, (value) => value * scale);
      const before = v.slice();
      const { tau, beta } = reflect(v);
      assertEquals(v[0], 1);
      assert(tau >= 0 && tau <= 2, `tau of ${x}: ${tau}`);
      const along = v.reduce((sum, value, i) => sum + value * before[i], 0);
      const size = norm(before);
      for (const [i, value] of before.entries()) {
        const reflected = value - tau * along * v[i];
        const wanted = i === 0 ? beta : 0;
        assert(Math.abs(reflected - wanted) <= 4e-16 * size, `element ${i} of ${x}: ${reflected}`);
      }
      assert(Math.abs(Math.abs(beta) - size) <= 4e-16 * size);
    }
  }
});

Deno.test("reflect() of the smallest numbers there are is orthogonal", () => {
  const v = Float64Array.of(3e-320, -5e-322, 4e-318, 1e-323);
  const { tau } = reflect(v);
  // I - τ v vᵀ is orthogonal if τ |v|² is 2.
  const squares = v.reduce((sum, value) => sum + value * value, 0);
  assert(Math.abs(tau * squares - 2) <= 1e-15, `${tau * squares}`);
});

Deno.test("reflect() leaves a vector that is there already", () => {
  for (const first of [2, -2, 0]) {
    const v = Float64Array.of(first, 0, 0);
    assertEquals(reflect(v), { tau: 0, beta: first });
    assertEquals(v, Float64Array.of(1, 0, 0));
  }
});

Deno.test("blockReflector() multiplies reflectors", () => {
  const length = 9;
  const vt = randomValues([4, length], 1, "f64").data;
  const taus = [0.5, 1.2, 0, 0.7];
  let expected = identity(length);
  for (const [j, tau] of taus.entries()) {
    vt.fill(0, j * length, j * length + j);
    vt[j * length + j] = 1;
    const v = { shape: [length, 1], data: vt.slice(j * length, (j + 1) * length) };
    const outer = times(v, transposed(v));
    const one = identity(length);
    outer.data.forEach((value, i) => one.data[i] -= tau * value);
    expected = times(expected, one);
  }
  const { t, count, row } = blockReflector(3, length, vt, taus);
  assertEquals([count, row], [4, 3]);
  const rows = { shape: [4, length], data: vt };
  const product = times(times(transposed(rows), { shape: [4, 4], data: t }), rows);
  const block = identity(length);
  product.data.forEach((value, i) => block.data[i] -= value);
  assert(distance(block, expected) <= 1e-14);
});

Deno.test("factorizePanel() leaves a triangle, on panels that are tall, square and wide", () => {
  for (const [count, length] of [[1, 1], [3, 8], [5, 5], [6, 2]]) {
    const columns = randomValues([count, length], 2, "f64");
    const panel = transposed(columns);
    const reduced = { shape: [count, length], data: columns.data.slice() };
    const { vt, t, count: reflectors } = factorizePanel(reduced.data, count, length, 0);
    assertEquals(reflectors, Math.min(count, length));
    const v = { shape: [reflectors, length], data: vt };
    const middle = { shape: [reflectors, reflectors], data: t };
    // (I - V T Vᵀ) R is the panel again.
    const r = transposed(reduced);
    const turned = times(times(transposed(v), middle), times(v, r));
    const restored = { shape: r.shape, data: r.data.map((value, i) => value - turned.data[i]) };
    assert(distance(restored, panel) <= 1e-14, `${count} columns of ${length}`);
    for (let j = 0; j < count; j++) {
      for (let i = j + 1; i < length; i++) assertEquals(reduced.data[j * length + i], 0);
    }
  }
});
