//! Lists and calls without an async runtime.

use std::thread;

use compute_kfp_runtime::paging::Pages;
use compute_kfp_runtime::{ErrorKind, Request, blocking};

use super::lists::{BY_NUMBER, NumberedPage, answer, numbered_page};
use super::server::{Server, hang_up};

fn pages(server: &Server) -> Pages<NumberedPage> {
    let mut request = Request::new(&BY_NUMBER);
    request.page_size(10);
    Pages::new(server.transport(), request)
}

#[test]
fn a_list_is_an_iterator_that_is_as_lazy() {
    let server = Server::start(|_, query| answer(numbered_page(query, 45)));
    let items = pages(&server).items().blocking();
    assert_eq!(server.queries(), [""; 0]);
    let two_pages: Result<Vec<_>, _> = items.take(20).collect();
    assert_eq!(two_pages.unwrap(), (0..20).collect::<Vec<_>>());
    assert_eq!(server.queries().len(), 2);

    let all: Result<Vec<_>, _> = pages(&server).items().blocking().collect();
    assert_eq!(all.unwrap(), (0..45).collect::<Vec<_>>());
    let lengths: Vec<usize> = pages(&server)
        .blocking()
        .map(|page| page.unwrap().items().len())
        .collect();
    assert_eq!(lengths, [10, 10, 10, 10, 5]);
}

#[test]
fn any_thread_can_wait_for_a_call() {
    let server = Server::start(|_, query| answer(numbered_page(query, 5)));
    let transport = server.transport();
    let calls: Vec<_> = (0..4)
        .map(|_| {
            let transport = transport.clone();
            thread::spawn(move || {
                blocking::wait(transport.send_json::<NumberedPage>(Request::new(&BY_NUMBER)))
            })
        })
        .collect();
    for call in calls {
        assert_eq!(call.join().unwrap().unwrap().status(), 200);
    }
}

#[test]
fn an_error_has_its_resume_point() {
    let server = Server::start(|number, query| match number {
        1 => hang_up(),
        _ => answer(numbered_page(query, 45)),
    });
    let mut items = pages(&server).items().blocking();
    let given = items.by_ref().take_while(Result::is_ok).count();
    assert_eq!(given, 10);
    assert!(items.get_ref().resume_point().is_some());
    assert!(items.next().is_none());
}

#[tokio::test]
async fn inside_a_runtime_it_says_what_is_wrong_and_requests_nothing() {
    let server = Server::start(|_, query| answer(numbered_page(query, 45)));
    let call = server.transport();
    let error = blocking::wait(call.send_empty(Request::new(&BY_NUMBER))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(
        error.message().contains("inside an async runtime"),
        "{error}"
    );
    let mut items = pages(&server).items().blocking();
    assert_eq!(
        items.next().unwrap().unwrap_err().kind(),
        ErrorKind::Configuration
    );
    assert!(items.next().is_none(), "the error is given once");
    let mut pages = pages(&server).blocking();
    assert!(pages.next().unwrap().is_err());
    assert_eq!(server.queries(), [""; 0]);
}
