//! Dependency order and cycles, without recursion.

/// The nodes `0..edges.len()`, each after all that it leads to, and the cycles that had to be cut for that.
pub(super) fn order(edges: &[Vec<usize>]) -> (Vec<usize>, Vec<Vec<usize>>) {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; edges.len()];
    let (mut sorted, mut cycles) = (Vec::with_capacity(edges.len()), Vec::new());
    for root in 0..edges.len() {
        if marks[root] != Mark::New {
            continue;
        }
        marks[root] = Mark::Open;
        // Node and the number of its edges that are done.
        let mut path = vec![(root, 0)];
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            match edges[node].get(*next).copied() {
                Some(to) => {
                    *next += 1;
                    match marks[to] {
                        Mark::New => {
                            marks[to] = Mark::Open;
                            path.push((to, 0));
                        }
                        Mark::Open => {
                            let from = path.iter().position(|(n, _)| *n == to).unwrap_or(0);
                            cycles.push(path[from..].iter().map(|(n, _)| *n).collect());
                        }
                        Mark::Done => {}
                    }
                }
                None => {
                    marks[node] = Mark::Done;
                    sorted.push(node);
                    path.pop();
                }
            }
        }
    }
    (sorted, cycles)
}

#[cfg(test)]
mod tests {
    use super::order;

    #[test]
    fn dependencies_come_first_and_cycles_are_named() {
        assert_eq!(order(&[vec![1, 2], vec![2], vec![]]), (vec![2, 1, 0], vec![]));
        let (sorted, cycles) = order(&[vec![1], vec![2], vec![0], vec![3]]);
        assert_eq!(sorted.len(), 4);
        assert_eq!(cycles, vec![vec![0, 1, 2], vec![3]]);
    }
}
