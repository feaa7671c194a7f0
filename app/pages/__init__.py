"""The HTML door: the start page, the documentation, the pages about problems. No third party is ever asked."""

from fastapi import FastAPI

from app.pages import docs_page, problem_pages, start_page


def include_pages(app: FastAPI) -> None:
    """Mount them all."""
    app.include_router(start_page.router)
    app.include_router(docs_page.router)
    app.include_router(problem_pages.router)
    docs_page.mount_static(app)
