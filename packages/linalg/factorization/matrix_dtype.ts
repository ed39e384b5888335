/** The dtypes of matrices that can be factorized: `f64` needs a device that multiplies in it. */
export type MatrixDtype = "f32" | "f64";
