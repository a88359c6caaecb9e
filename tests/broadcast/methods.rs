//! The methods of the engine are what the table says: each does what [`Engine::apply`] does with the operation of its name.

use crosslane::{Engine, Error, Operation, Real};

use super::ACCURACIES;
use super::support::cases::Case;
use super::support::nd::Array;
use super::support::shapes::shape;
use super::support::{Random, Tested};

/// Calls the method.
fn call<T: Tested + Real>(
    case: &Case<T>,
    engine: Engine,
    outputs: &mut [Array<T>],
) -> Result<(), Error> {
    let v = |k: usize| case.inputs[k].vectors();
    let x = |k: usize| case.inputs[k].scalars();
    let mut outputs = outputs.iter_mut();
    let out = outputs.next().unwrap();
    let mut more = || outputs.next().unwrap().vectors_mut();
    match case.operation {
        Operation::Cross => engine.cross(v(0), v(1), out.vectors_mut()),
        Operation::Dot => engine.dot(v(0), v(1), out.scalars_mut()),
        Operation::CrossNorm => engine.cross_norm(v(0), v(1), out.scalars_mut()),
        Operation::UnitNormal => engine.unit_normal(v(0), v(1), out.vectors_mut()),
        Operation::Angle => engine.angle(v(0), v(1), out.scalars_mut()),
        Operation::ScalarTriple => engine.scalar_triple(v(0), v(1), v(2), out.scalars_mut()),
        Operation::VectorTriple => engine.vector_triple(v(0), v(1), v(2), out.vectors_mut()),
        Operation::GatedCross => engine.gated_cross(x(0), v(1), v(2), out.vectors_mut()),
        Operation::CrossJvp => engine.cross_jvp(v(0), v(1), v(2), v(3), out.vectors_mut()),
        Operation::CrossVjp => engine.cross_vjp(v(0), v(1), v(2), out.vectors_mut(), more()),
        Operation::CrossVjpVjp => {
            let (grad_a, grad_b, grad_g) = (out.vectors_mut(), more(), more());
            engine.cross_vjp_vjp(v(0), v(1), v(2), v(3), v(4), grad_a, grad_b, grad_g)
        }
        Operation::DotVjp => engine.dot_vjp(v(0), v(1), x(2), out.vectors_mut(), more()),
        Operation::CrossNormVjp => {
            engine.cross_norm_vjp(v(0), v(1), x(2), out.vectors_mut(), more())
        }
        Operation::UnitNormalVjp => {
            engine.unit_normal_vjp(v(0), v(1), v(2), out.vectors_mut(), more())
        }
        Operation::AngleVjp => engine.angle_vjp(v(0), v(1), x(2), out.vectors_mut(), more()),
        Operation::ScalarTripleVjp => {
            let (grad_a, grad_b, grad_c) = (out.vectors_mut(), more(), more());
            engine.scalar_triple_vjp(v(0), v(1), v(2), x(3), grad_a, grad_b, grad_c)
        }
        Operation::VectorTripleVjp => {
            let (grad_a, grad_b, grad_c) = (out.vectors_mut(), more(), more());
            engine.vector_triple_vjp(v(0), v(1), v(2), v(3), grad_a, grad_b, grad_c)
        }
        Operation::GatedCrossVjp => {
            let (grad_gate, grad_a, grad_b) = (out.scalars_mut(), more(), more());
            engine.gated_cross_vjp(x(0), v(1), v(2), v(3), grad_gate, grad_a, grad_b)
        }
        other => panic!("{other} is called by value alone: its method belongs here"),
    }
}

fn every_method<T: Tested + Real>(seed: u64) {
    let mut random = Random(seed);
    for operation in Operation::ALL {
        for i in 0..20 {
            let common = shape(&mut random, 100);
            let mut case = Case::<T>::new(&mut random, *operation, &common, &[]);
            case.fill(&mut random);
            let engine = Engine::new().with_accuracy(ACCURACIES[i % 2]);
            let [mut by_name, mut by_value] = [case.outputs.clone(), case.outputs.clone()];
            assert_eq!(call(&case, engine, &mut by_name), Ok(()), "{case:?}");
            assert_eq!(case.run(engine, &mut by_value), Ok(()), "{case:?}");
            for (one, other) in by_name.iter().zip(&by_value) {
                one.assert_same(other, false, &case);
            }
        }
    }
}

#[test]
fn every_method_is_the_operation_of_its_name() {
    every_method::<f32>(800);
    every_method::<f64>(801);
}

/// What programs and bindings are told of an operation.
#[test]
fn the_table_has_names_for_all_operands() {
    for operation in Operation::ALL {
        assert_eq!(operation.name().parse(), Ok(*operation));
        assert_eq!(
            format!("{operation:>20}"),
            format!("{:>20}", operation.name())
        );
        assert_eq!(operation.input_names().len(), operation.inputs().len());
        assert_eq!(operation.output_names().len(), operation.outputs().len());
        let Some(source) = operation.gradient_of() else {
            assert_eq!(operation.output_names(), ["out"], "{operation}");
            continue;
        };
        assert_eq!(source.gradient(), Some(*operation));
        // It takes the operands of its source first, and then the gradients of what that gives.
        let count = source.inputs().len();
        assert_eq!(operation.input_names()[..count], *source.input_names());
        assert_eq!(operation.inputs()[..count], *source.inputs());
        assert_eq!(
            operation.inputs()[count..],
            *source.outputs(),
            "{operation}"
        );
        for (output, input) in operation.output_names().iter().zip(operation.input_names()) {
            assert_eq!(*output, format!("grad_{input}"), "{operation}");
        }
    }
    assert_eq!("Dot".parse::<Operation>(), Err(Error::UnknownOperation));
    let error = Error::UnknownOperation.to_string();
    let all = Operation::ALL.iter();
    assert!(
        all.clone().all(|name| error.contains(name.name())),
        "{error}"
    );
    assert!(
        error.starts_with("unknown operation, expected cross, dot, "),
        "{error}"
    );
}
