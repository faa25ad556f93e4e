//! From the text of a web page to its tree, at a bounded price.
//!
//! SECURITY: a parser that follows the standard is at the mercy of the page. Every opening tag walks the elements that
//! are open, so a million nested `<div>` cost a million squared; formatting elements that are never closed are opened
//! anew in every paragraph, so a few kB become millions of elements; every attribute of a tag is compared with those
//! before it. So the page is fed in small pieces, and between them it is looked at what has become of it.

use std::borrow::Cow;
use std::cell::{Cell, Ref, RefCell};

use html5ever::driver::{self, ParseOpts};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::{Attribute, QualName};
use rustc_hash::FxHashMap;
use scraper::{Html, HtmlTreeSink};

use super::Refusal;

/// Bytes that are fed at once: what they can do is out of control.
const PIECE: usize = 1 << 10;
/// Levels of the tree. Browsers stop there, too.
const DEEPEST: u32 = 512;
/// Elements and comments.
const MOST_NODES: usize = 500_000;
/// What can separate attributes, within one tag or comment.
const MOST_SEPARATORS: usize = 20_000;
/// What the attributes of a repeated `<body>` cost, in nodes.
const MERGE: usize = 1_000;

/// The tree of a page.
///
/// # Errors
/// [`Refusal::Monstrous`] with what there is too much of.
pub(super) fn parsed(html: &str) -> Result<Html, Refusal> {
    let mut parser = driver::parse_document(Watched::default(), ParseOpts::default());
    let mut rest = html;
    let (mut tokens, mut separators) = (0, 0);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
        rest = after;
        parser.process(StrTendril::from(piece));
        let seen = &parser.tokenizer.sink.sink;
        seen.check()?;
        // A tag or comment that does not end is invisible, and its attributes are already being compared.
        separators = if seen.tokens.get() == tokens { separators } else { 0 };
        tokens = seen.tokens.get();
        separators +=
            piece.bytes().filter(|byte| byte.is_ascii_whitespace() || b"/\"'".contains(byte)).count();
        if separators > MOST_SEPARATORS {
            return Err(Refusal::Monstrous("one of its tags or comments has no end"));
        }
    }
    Ok(parser.finish())
}

/// The handle of a node.
type Node = <HtmlTreeSink as TreeSink>::Handle;

/// A tree that counts what becomes of it.
struct Watched {
    tree: HtmlTreeSink,
    levels: RefCell<FxHashMap<Node, u32>>,
    deepest: Cell<u32>,
    nodes: Cell<usize>,
    /// Grows with every token that the parser understood.
    tokens: Cell<u64>,
}

impl Default for Watched {
    fn default() -> Self {
        Self {
            tree: HtmlTreeSink::new(Html::new_document()),
            levels: RefCell::default(),
            deepest: Cell::new(0),
            nodes: Cell::new(0),
            tokens: Cell::new(0),
        }
    }
}

impl Watched {
    fn check(&self) -> Result<(), Refusal> {
        if self.deepest.get() > DEEPEST {
            return Err(Refusal::Monstrous("more than 512 elements are nested"));
        }
        if self.nodes.get() > MOST_NODES {
            return Err(Refusal::Monstrous("more than 500 000 elements"));
        }
        Ok(())
    }

    fn token(&self) {
        self.tokens.set(self.tokens.get() + 1);
    }

    fn more(&self, nodes: usize) {
        self.token();
        self.nodes.set(self.nodes.get() + nodes);
    }

    fn hang(&self, below: &Node, child: &NodeOrText<Node>, deeper: u32) {
        self.token();
        if let NodeOrText::AppendNode(node) = child {
            let mut levels = self.levels.borrow_mut();
            let level = levels.get(below).map_or(deeper, |level| level + deeper);
            levels.insert(*node, level);
            self.deepest.set(self.deepest.get().max(level));
        }
    }
}

impl TreeSink for Watched {
    type Handle = Node;
    type Output = Html;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Html {
        self.tree.finish()
    }

    // No token: a tag that has not ended reports its repeated attributes.
    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Node {
        self.tree.get_document()
    }

    fn elem_name<'a>(&'a self, target: &'a Node) -> Ref<'a, QualName> {
        self.token();
        self.tree.elem_name(target)
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> Node {
        self.more(1);
        self.tree.create_element(name, attributes, flags)
    }

    fn create_comment(&self, text: StrTendril) -> Node {
        self.more(1);
        self.tree.create_comment(text)
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> Node {
        self.more(1);
        self.tree.create_pi(target, data)
    }

    fn append(&self, parent: &Node, child: NodeOrText<Node>) {
        self.hang(parent, &child, 1);
        self.tree.append(parent, child);
    }

    fn append_based_on_parent_node(&self, element: &Node, previous: &Node, child: NodeOrText<Node>) {
        self.hang(element, &child, 1);
        self.tree.append_based_on_parent_node(element, previous, child);
    }

    fn append_doctype_to_document(&self, name: StrTendril, public: StrTendril, system: StrTendril) {
        self.token();
        self.tree.append_doctype_to_document(name, public, system);
    }

    fn get_template_contents(&self, target: &Node) -> Node {
        self.tree.get_template_contents(target)
    }

    fn same_node(&self, one: &Node, other: &Node) -> bool {
        self.tree.same_node(one, other)
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.tree.set_quirks_mode(mode);
    }

    fn append_before_sibling(&self, sibling: &Node, child: NodeOrText<Node>) {
        self.hang(sibling, &child, 0);
        self.tree.append_before_sibling(sibling, child);
    }

    fn add_attrs_if_missing(&self, target: &Node, attributes: Vec<Attribute>) {
        self.more(MERGE);
        self.tree.add_attrs_if_missing(target, attributes);
    }

    fn remove_from_parent(&self, target: &Node) {
        self.tree.remove_from_parent(target);
    }

    fn reparent_children(&self, node: &Node, parent: &Node) {
        self.tree.reparent_children(node, parent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_wants_everything_is_refused_early() {
        let formatting: String = (0..300).map(|number| format!("<b id={number}>")).collect();
        let attributes: String = (0..100_000).map(|number| format!(" a{number}")).collect();
        for monster in [
            "<div>".repeat(1 << 19),
            "<svg><style><div><div>".repeat(1 << 18),
            "<table><div><td>".repeat(1 << 18),
            format!("<p>{formatting}</p>{}", "<p>x".repeat(1 << 19)),
            "<i>".repeat(1 << 19),
            "<a><p>".repeat(1 << 19),
            format!("<p{attributes}>"),
            format!("<!--{attributes}"),
            format!("</p{attributes}>"),
            "<body x y z>".repeat(1 << 19),
            "<br>".repeat(1 << 19),
        ] {
            let start: String = monster.chars().take(40).collect();
            assert!(matches!(parsed(&monster), Err(Refusal::Monstrous(_))), "{start}");
        }
    }

    #[test]
    fn a_large_honest_page_is_taken() {
        let row =
            format!("<tr class=c><td><b>One</b><td><a href='x'>y</a> <img src='data:{}'>", "A/b".repeat(900));
        let page = format!("<!doctype html><table>{}</table>", row.repeat(2_000));
        let tree = parsed(&page).expect("an honest page");
        assert_eq!(tree.select(&scraper::Selector::parse("td a[href]").expect("a selector")).count(), 2_000);
        let text = format!("<p>{}</p></x></x>", "plain words / and ' more\n".repeat(200_000));
        assert!(parsed(&text).is_ok());
    }
}
