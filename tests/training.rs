//! The library inside something that learns: gradient descent, and a network of two layers, whose backward passes are
//! `Engine::cross_vjp`. Written to be read as an example of how its operations go together.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use crosslane::{Accuracy, Engine, Real, Vectors};
use support::{Float, Random};

/// So many vectors; a power of two, by which dividing is exact.
const SAMPLES: usize = 4096;

/// Finds w from samples of x and y = w × x. The prediction is ŷ = w × x for the w so far, the loss ½ mean |ŷ − y|²; the gradient
/// of ŷ is (ŷ − y) / n, which `cross_vjp` takes to that of w: one vector for all x, so its gradient is the sum over them.
fn recover<T: Real + Float + Into<f64>>(accuracy: Accuracy, unit: f64) {
    let engine = Engine::new().with_accuracy(accuracy);
    let mut random = Random(1);
    let x: Vec<[T; 3]> = (0..SAMPLES)
        .map(|_| [0; 3].map(|_| T::near_one(random.bits())))
        .collect();
    let unknown = [0.75, -1.5, 0.625].map(T::from_single);
    let mut y = x.clone();
    engine
        .cross(Vectors::broadcast(&unknown, SAMPLES), &x, &mut y)
        .unwrap();

    let (rate, share) = (T::from_single(0.3), T::from_single(1.0 / SAMPLES as f32));
    let mut w = [T::default(); 3];
    let (mut g, mut grad_x) = (x.clone(), x.clone());
    for _ in 0..60 {
        let one = Vectors::broadcast(&w, SAMPLES);
        engine.cross(one, &x, &mut g).unwrap();
        for (g, y) in g.as_flattened_mut().iter_mut().zip(y.as_flattened()) {
            *g = (*g - *y) * share;
        }
        let mut grad_w = [[T::default(); 3]];
        engine
            .cross_vjp(one, &x, &g, &mut grad_w, &mut grad_x)
            .unwrap();
        for (w, grad) in w.iter_mut().zip(grad_w[0]) {
            *w = *w - rate * grad;
        }
    }

    // A component of ŷ or y is off by 2 u |w||x| at most (two products and a difference, rounded), ŷ − y by 4 u |w||x|, as a vector
    // by 7 u |w||x|; so the gradient of w by 7 u |w| mean |x|², which is 28 u |w|: components are uniform from −2 to 2. Their second
    // moment is 4/3 and the Hessian's eigenvalues are 8/3, so that a step multiplies the distance to w by |1 − 0.3 · 8/3| = 0.2, 0.25
    // with what samples deviate, and adds 0.3 · 28 u |w| and two roundings: it ends at (8.4 + 2) u |w| / 0.75 < 16 u |w|.
    let length = |v: [T; 3]| v.map(|x| x.into().powi(2)).iter().sum::<f64>().sqrt();
    let distance = length([0, 1, 2].map(|k| w[k] - unknown[k]));
    let bound = 16.0 * unit * length(unknown);
    assert!(
        distance <= bound,
        "{}: {distance:e} of at most {bound:e}",
        T::NAME
    );

    // With it, |ŷ − y| ends below (16 + 7) u |w||x|.
    engine
        .cross(Vectors::broadcast(&w, SAMPLES), &x, &mut g)
        .unwrap();
    let squares = g
        .iter()
        .zip(&y)
        .map(|(g, y)| length([0, 1, 2].map(|k| g[k] - y[k])).powi(2));
    let loss = squares.sum::<f64>() / (2.0 * SAMPLES as f64);
    let mean = x.iter().map(|x| length(*x).powi(2)).sum::<f64>() / SAMPLES as f64;
    let bound = (23.0 * unit * length(unknown)).powi(2) * mean / 2.0;
    assert!(
        loss <= bound,
        "{}: a loss of {loss:e}, at most {bound:e}",
        T::NAME
    );
}

#[test]
fn gradient_descent_recovers_the_factor_of_a_cross_product() {
    for accuracy in [Accuracy::Plain, Accuracy::CorrectlyRounded] {
        recover::<f32>(accuracy, 2.0_f64.powi(-24));
        recover::<f64>(accuracy, 2.0_f64.powi(-53));
    }
}

type Row = [f64; 3];

/// p = Σ uₖ × s(wₖ × x), with s(h) = h / √(1 + |h|²), which keeps the direction and bounds the length.
#[derive(Clone)]
struct Network {
    inner: [Row; 3],
    outer: [Row; 3],
}

/// What the backward pass needs of the forward pass: of each of the three units hₖ and s(hₖ), and the loss and p − t.
struct Forward {
    hidden: [Vec<Row>; 3],
    bounded: [Vec<Row>; 3],
    residual: Vec<Row>,
    loss: f64,
}

fn dot(a: Row, b: Row) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

impl Network {
    /// The loss is ½ mean |p − t|².
    fn forward(&self, engine: &Engine, x: &[Row], t: &[Row]) -> Forward {
        let n = x.len();
        let zeros = || [0; 3].map(|_| vec![[0.0; 3]; n]);
        let (mut hidden, mut bounded) = (zeros(), zeros());
        let mut residual: Vec<Row> = t.iter().map(|t| t.map(|t| -t)).collect();
        let mut product = vec![[0.0; 3]; n];
        for k in 0..3 {
            engine
                .cross(Vectors::broadcast(&self.inner[k], n), x, &mut hidden[k])
                .unwrap();
            for (s, h) in bounded[k].iter_mut().zip(&hidden[k]) {
                let r = (1.0 + dot(*h, *h)).sqrt();
                *s = h.map(|h| h / r);
            }
            let outer = Vectors::broadcast(&self.outer[k], n);
            engine.cross(outer, &bounded[k], &mut product).unwrap();
            for (sum, p) in residual
                .as_flattened_mut()
                .iter_mut()
                .zip(product.as_flattened())
            {
                *sum += p;
            }
        }
        let squares: f64 = residual.iter().map(|r| dot(*r, *r)).sum();
        let loss = squares / (2.0 * n as f64);
        Forward {
            hidden,
            bounded,
            residual,
            loss,
        }
    }

    /// The gradients of all parameters, by the chain rule from the loss backwards.
    fn backward(&self, engine: &Engine, x: &[Row], forward: &Forward) -> Self {
        let n = x.len();
        let mut gradient = self.clone();
        let g: Vec<Row> = forward
            .residual
            .iter()
            .map(|r| r.map(|r| r / n as f64))
            .collect();
        let (mut grad_s, mut grad_x) = (vec![[0.0; 3]; n], vec![[0.0; 3]; n]);
        for k in 0..3 {
            // One vector for all samples has one gradient: a slice of one.
            let grad_u = std::slice::from_mut(&mut gradient.outer[k]);
            let outer = Vectors::broadcast(&self.outer[k], n);
            engine
                .cross_vjp(outer, &forward.bounded[k], &g, grad_u, &mut grad_s)
                .unwrap();
            // Through h / r with r = √(1 + |h|²): ∂h = ∂s / r − h (h·∂s) / r³.
            let hidden = forward.hidden[k].iter();
            let grad_h: Vec<Row> = hidden
                .zip(&grad_s)
                .map(|(h, ds)| {
                    let r = (1.0 + dot(*h, *h)).sqrt();
                    let along = dot(*h, *ds) / r.powi(3);
                    [0, 1, 2].map(|i| ds[i] / r - h[i] * along)
                })
                .collect();
            let grad_w = std::slice::from_mut(&mut gradient.inner[k]);
            let inner = Vectors::broadcast(&self.inner[k], n);
            engine
                .cross_vjp(inner, x, &grad_h, grad_w, &mut grad_x)
                .unwrap();
        }
        gradient
    }

    fn parameters(&mut self) -> impl Iterator<Item = &mut f64> {
        self.inner.iter_mut().chain(&mut self.outer).flatten()
    }
}

/// Central differences at a distance of e = 2⁻¹⁷. All components are from −1 to 1, so that |w|, |u|, |x| and |t| are below 2,
/// |s| is below 1, |p − t| below 3 · 2 + 2 and the loss below 32.
///
/// What they leave out is e²/6 times the third derivative. Those of s, from the first to the third, are below 1, 2 and 6 times
/// powers of |x|, that of the loss then below |u||x|³ (6 |p − t| + 6 |u|) < 960: 9.3e-9. What they round: the loss is a sum of 64
/// squares, off by 74 u · 32, and p − t by 30 u · 8 at most, which changes the loss by 8 times as much: 4300 u / e = 6.3e-8.
#[test]
fn the_gradients_of_a_network_are_those_of_central_differences() {
    const TOLERANCE: f64 = 8e-8;
    let (mut random, e) = (Random(2), 2.0_f64.powi(-17));
    let mut row = || [0; 3].map(|_| 0.5 * f64::near_one(random.bits()));
    let (x, t): (Vec<Row>, Vec<Row>) = (0..64).map(|_| (row(), row())).unzip();
    let network = Network {
        inner: [row(), row(), row()],
        outer: [row(), row(), row()],
    };
    for accuracy in [Accuracy::Plain, Accuracy::CorrectlyRounded] {
        let engine = Engine::new().with_accuracy(accuracy);
        let forward = network.forward(&engine, &x, &t);
        let mut gradient = network.backward(&engine, &x, &forward);
        for (k, derivative) in gradient.parameters().enumerate() {
            let loss = |step: f64| {
                let mut moved = network.clone();
                *moved.parameters().nth(k).unwrap() += step;
                moved.forward(&engine, &x, &t).loss
            };
            let difference = (loss(e) - loss(-e)) / (2.0 * e);
            let error = (difference - *derivative).abs();
            assert!(
                error <= TOLERANCE,
                "parameter {k}: {derivative}, by differences {difference}"
            );
            // A gradient of nothing would pass.
            assert!(
                derivative.abs() > 100.0 * TOLERANCE,
                "parameter {k} matters"
            );
        }
    }
}
