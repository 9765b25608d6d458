// Element-wise mathematics. Shapes broadcast as in NumPy.

import CTorch

extension Tensor {
    /// The element-wise sum.
    public static func + (x: Tensor, y: Tensor) -> Tensor {
        x.call("+", y, #fileID, #line) { ctorch_add($0, $1, $2) }
    }

    /// The element-wise difference.
    public static func - (x: Tensor, y: Tensor) -> Tensor {
        x.call("-", y, #fileID, #line) { ctorch_subtract($0, $1, $2) }
    }

    /// The element-wise product.
    public static func * (x: Tensor, y: Tensor) -> Tensor {
        x.call("*", y, #fileID, #line) { ctorch_multiply($0, $1, $2) }
    }

    /// The element-wise quotient.
    public static func / (x: Tensor, y: Tensor) -> Tensor {
        x.call("/", y, #fileID, #line) { ctorch_divide($0, $1, $2) }
    }

    /// The sum of every element and a scalar.
    public static func + (x: Tensor, y: Double) -> Tensor {
        x.call("+", #fileID, #line) { ctorch_add_scalar($0, y, $1) }
    }

    /// The difference of every element and a scalar.
    public static func - (x: Tensor, y: Double) -> Tensor { x + (-y) }

    /// The product of every element and a scalar.
    public static func * (x: Tensor, y: Double) -> Tensor {
        x.call("*", #fileID, #line) { ctorch_multiply_scalar($0, y, $1) }
    }

    /// The quotient of every element and a scalar.
    public static func / (x: Tensor, y: Double) -> Tensor { x * (1 / y) }

    /// The negative.
    public static prefix func - (x: Tensor) -> Tensor { x * -1 }

    /// Every element raised to the power `exponent`.
    public func power(
        _ exponent: Double, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("power", file, line) { ctorch_power($0, exponent, $1) }
    }

    /// `base` raised to the power of every element.
    public static func power(
        of base: Double, _ exponents: Tensor, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        exponents.call("power", file, line) { ctorch_power_of(base, $0, $1) }
    }

    /// The square root of every element.
    public func squareRoot(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        call("squareRoot", file, line) { ctorch_square_root($0, $1) }
    }

    /// e raised to the power of every element.
    public func exponential(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        call("exponential", file, line) { ctorch_exponential($0, $1) }
    }

    /// The cosine of every element, in radians.
    public func cosine(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        call("cosine", file, line) { ctorch_cosine($0, $1) }
    }

    /// The sine of every element, in radians.
    public func sine(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        call("sine", file, line) { ctorch_sine($0, $1) }
    }

    /// The hyperbolic tangent of every element.
    public func hyperbolicTangent(
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("hyperbolicTangent", file, line) { ctorch_hyperbolic_tangent($0, $1) }
    }

    /// The elements, those below `minimum` raised to it.
    public func clamped(
        minimum: Double, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("clamped", file, line) { ctorch_clamp_minimum($0, minimum, $1) }
    }

    /// The nearest integers; halves are rounded to even.
    public func rounded(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        call("rounded", file, line) { ctorch_round($0, $1) }
    }

    /// -1, 0 or 1 for every element.
    public func sign(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        call("sign", file, line) { ctorch_sign($0, $1) }
    }

    /// Whether each element is greater than that of `other`.
    public func isGreater(
        than other: Tensor, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("isGreater", other, file, line) { ctorch_greater($0, $1, $2) }
    }

    /// Whether each element is neither infinite nor NaN.
    public func isFinite(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        call("isFinite", file, line) { ctorch_is_finite($0, $1) }
    }
}
