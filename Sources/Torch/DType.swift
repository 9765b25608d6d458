// Element types.

public import Safetensors
import CTorch

/// The type of a tensor's elements.
public enum DType: String, Sendable, Hashable, Codable, CaseIterable {
    /// The element types, named as in PyTorch.
    case bool, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64

    /// Bytes of one element.
    public var byteCount: Int {
        switch self {
        case .bool, .uint8, .int8: 1
        case .int16, .float16, .bfloat16: 2
        case .int32, .float32: 4
        case .int64, .float64: 8
        }
    }

    /// Whether the elements are floating-point numbers.
    public var isFloatingPoint: Bool {
        switch self {
        case .float16, .bfloat16, .float32, .float64: true
        default: false
        }
    }

    var code: ctorch_dtype {
        switch self {
        case .bool: CTORCH_BOOL
        case .uint8: CTORCH_UINT8
        case .int8: CTORCH_INT8
        case .int16: CTORCH_INT16
        case .int32: CTORCH_INT32
        case .int64: CTORCH_INT64
        case .float16: CTORCH_FLOAT16
        case .bfloat16: CTORCH_BFLOAT16
        case .float32: CTORCH_FLOAT32
        case .float64: CTORCH_FLOAT64
        }
    }

    init(code: ctorch_dtype) {
        self = Self.allCases.first { $0.code == code } ?? .float32
    }
}

/// A Swift type that a tensor's elements can be read from or into.
public protocol TensorElement: Sendable {
    static var dtype: DType { get }
}

extension Bool: TensorElement { public static var dtype: DType { .bool } }
extension UInt8: TensorElement { public static var dtype: DType { .uint8 } }
extension Int8: TensorElement { public static var dtype: DType { .int8 } }
extension Int16: TensorElement { public static var dtype: DType { .int16 } }
extension Int32: TensorElement { public static var dtype: DType { .int32 } }
extension Int64: TensorElement { public static var dtype: DType { .int64 } }
extension Int: TensorElement { public static var dtype: DType { .int64 } }
extension Float: TensorElement { public static var dtype: DType { .float32 } }
extension Double: TensorElement { public static var dtype: DType { .float64 } }

extension DType {
    /// The element type of a stored tensor; nil for types that libtorch has no operators for.
    public init?(_ stored: SafetensorsDType) {
        switch stored {
        case .bool: self = .bool
        case .uint8: self = .uint8
        case .int8: self = .int8
        case .int16: self = .int16
        case .int32: self = .int32
        case .int64: self = .int64
        case .float16: self = .float16
        case .bfloat16: self = .bfloat16
        case .float32: self = .float32
        case .float64: self = .float64
        default: return nil
        }
    }

    /// The type as a safetensors file names it.
    public var stored: SafetensorsDType {
        switch self {
        case .bool: .bool
        case .uint8: .uint8
        case .int8: .int8
        case .int16: .int16
        case .int32: .int32
        case .int64: .int64
        case .float16: .float16
        case .bfloat16: .bfloat16
        case .float32: .float32
        case .float64: .float64
        }
    }
}
