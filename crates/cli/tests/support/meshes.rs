//! Small meshes in every format, written by hand as other programs would write them.

#![allow(dead_code, reason = "every test binary uses another part")]

/// Vertices and polygons.
#[derive(Clone, Debug)]
pub(crate) struct Mesh {
    pub(crate) vertices: Vec<[f64; 3]>,
    pub(crate) faces: Vec<Vec<u32>>,
}

/// The type of the coordinates in a PLY file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    Float,
    Double,
}

/// A file: its name, what is in it, and whether its coordinates are `f32`.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) single: bool,
}

impl Mesh {
    pub(crate) fn new(vertices: &[[f64; 3]], faces: &[&[u32]]) -> Self {
        Self {
            vertices: vertices.to_vec(),
            faces: faces.iter().map(|face| face.to_vec()).collect(),
        }
    }

    /// The corner of a cube, seen from outside: the last of its faces is tilted towards (1, 1, 1).
    pub(crate) fn tetrahedron() -> Self {
        let vertices = [[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        Self::new(&vertices, &[&[0, 2, 1], &[0, 3, 2], &[0, 1, 3], &[1, 2, 3]])
    }

    /// Six squares with sides of 2, seen from outside.
    pub(crate) fn cube() -> Self {
        let side = |bit: usize, i: usize| if i >> bit & 1 == 1 { 1.0 } else { -1.0 };
        let vertices: Vec<_> = (0..8).map(|i| [0, 1, 2].map(|bit| side(bit, i))).collect();
        let faces: [&[u32]; 6] = [
            &[0, 4, 6, 2],
            &[1, 3, 7, 5],
            &[0, 1, 5, 4],
            &[2, 6, 7, 3],
            &[0, 2, 3, 1],
            &[4, 5, 7, 6],
        ];
        Self::new(&vertices, &faces)
    }

    /// A parallelogram and a triangle in the plane 4y + 3z = 0.
    pub(crate) fn tilted() -> Self {
        let vertices = [
            [0.0; 3],
            [2.0, 0.0, 0.0],
            [2.0, -3.0, 4.0],
            [0.0, -3.0, 4.0],
            [1.0, -6.0, 8.0],
        ];
        Self::new(&vertices, &[&[0, 1, 2, 3], &[3, 2, 4]])
    }

    /// The faces as fans of triangles.
    pub(crate) fn triangles(&self) -> Vec<[u32; 3]> {
        let fan = |face: &Vec<u32>| {
            let triangle = |k: usize| [face[0], face[k], face[k + 1]];
            (1..face.len() - 1).map(triangle).collect::<Vec<_>>()
        };
        self.faces.iter().flat_map(fan).collect()
    }

    /// The same in every format.
    pub(crate) fn files(&self) -> Vec<File> {
        let file = |name, single, bytes| File {
            name,
            bytes,
            single,
        };
        vec![
            file("mesh.obj", false, self.obj()),
            file("text.ply", false, self.ply_text(Element::Double)),
            file("little.ply", false, self.ply_binary(Element::Double, false)),
            file("big.ply", false, self.ply_binary(Element::Double, true)),
            file("text-f.ply", true, self.ply_text(Element::Float)),
            file("little-f.ply", true, self.ply_binary(Element::Float, false)),
            file("big-f.ply", true, self.ply_binary(Element::Float, true)),
            file("text.stl", true, self.stl_text()),
            file("binary.stl", true, self.stl_binary(b"made by hand")),
            file("solid.STL", true, self.stl_binary(b"solid but binary")),
        ]
    }

    pub(crate) fn obj(&self) -> Vec<u8> {
        let mut text = "# by hand\no mesh\n".to_owned();
        for [x, y, z] in &self.vertices {
            text += &format!("v {x} {y} {z}\n");
        }
        for face in &self.faces {
            let corners: String = face.iter().map(|i| format!(" {}", i + 1)).collect();
            text += &format!("f{corners}\n");
        }
        text.into()
    }

    /// With one more property and one more element than anybody needs.
    fn ply_header(&self, format: &str, element: Element) -> String {
        let t = match element {
            Element::Float => "float",
            Element::Double => "double",
        };
        let (vertices, faces) = (self.vertices.len(), self.faces.len());
        format!(
            "ply\nformat {format} 1.0\ncomment by hand\nelement vertex {vertices}\n\
             property {t} x\nproperty {t} y\nproperty {t} z\nproperty uchar red\n\
             element face {faces}\nproperty list uchar int vertex_indices\n\
             element edge 1\nproperty short first\nproperty list uchar float weights\nend_header\n"
        )
    }

    pub(crate) fn ply_text(&self, element: Element) -> Vec<u8> {
        let mut text = self.ply_header("ascii", element);
        for [x, y, z] in &self.vertices {
            text += &format!("{x} {y} {z} 255\n");
        }
        for face in &self.faces {
            let corners: String = face.iter().map(|i| format!(" {i}")).collect();
            text += &format!("{}{corners}\n", face.len());
        }
        (text + "7 2 0.5 1.5\n").into()
    }

    pub(crate) fn ply_binary(&self, element: Element, big: bool) -> Vec<u8> {
        let mut file = match big {
            true => self.ply_header("binary_big_endian", element),
            false => self.ply_header("binary_little_endian", element),
        }
        .into_bytes();
        let mut put = |mut bytes: Vec<u8>| {
            if big {
                bytes.reverse();
            }
            file.extend(bytes);
        };
        for vertex in &self.vertices {
            for x in vertex {
                match element {
                    Element::Float => put((*x as f32).to_le_bytes().to_vec()),
                    Element::Double => put(x.to_le_bytes().to_vec()),
                }
            }
            put(vec![255]);
        }
        for face in &self.faces {
            put(vec![face.len() as u8]);
            face.iter().for_each(|i| put(i.to_le_bytes().to_vec()));
        }
        put(7_u16.to_le_bytes().to_vec());
        put(vec![2]);
        put(0.5_f32.to_le_bytes().to_vec());
        put(1.5_f32.to_le_bytes().to_vec());
        file
    }

    /// The corners of all triangles.
    fn facets(&self) -> impl Iterator<Item = [[f64; 3]; 3]> {
        let triangles = self.triangles().into_iter();
        triangles.map(|triangle| triangle.map(|i| self.vertices[i as usize]))
    }

    /// With normals as bad as others write them.
    pub(crate) fn stl_text(&self) -> Vec<u8> {
        let mut text = "solid by hand\n".to_owned();
        for facet in self.facets() {
            text += "  facet normal nan 0 -nan\n    outer loop\n";
            for [x, y, z] in facet {
                text += &format!("      vertex {x:e} {y:e} {z:e}\n");
            }
            text += "    endloop\n  endfacet\n";
        }
        (text + "endsolid by hand\n").into()
    }

    pub(crate) fn stl_binary(&self, header: &[u8]) -> Vec<u8> {
        let mut file = header.to_vec();
        file.resize(80, b' ');
        file.extend((self.triangles().len() as u32).to_le_bytes());
        for facet in self.facets() {
            file.extend([0xff; 12]);
            let coordinates = facet.as_flattened().iter();
            file.extend(coordinates.flat_map(|x| (*x as f32).to_le_bytes()));
            file.extend([0; 2]);
        }
        file
    }
}
